import { describe, expect, it } from "vitest";
import { snooping } from "../../../../src/detect/behaviour/detectors/snooping.ts";
import { foreignPatients } from "../../../../src/detect/behaviour/facets/foreign-patients.ts";
import { names } from "../../../../src/detect/behaviour/facets/names.ts";
import { ann, isWorkday, opens, type Person, visit } from "../clinic-days.ts";
import { drive } from "../drive.ts";

const surnames = Array.from(
  { length: 60 },
  (_, n) => `${"BCDFGKLMNPRT"[n % 12]}${"aeiou"[n % 5]}${"lmnrst"[n % 6]}${"aeo"[n % 3]}son`,
);
const read = (who: Person, patient: string, name: string, day: number, minute = 600) =>
  opens(who, patient, day, minute, { target: { type: "patient", id: patient, name, patientId: patient } });
const colleagues: Person[] = ["Nora Hill", "Nick Ross", "Nia Webb"].map((name) => ({ name, role: "nurse" }));

/** Everybody sees ten patients with visits a day, of sixty surnames; one in five is called Smith. */
function settled(days = 28) {
  const clinic = drive([snooping]);
  for (let day = 0; day < days; day++) {
    if (!isWorkday(day)) continue;
    for (const who of [ann, ...colleagues])
      for (let n = 0; n < 10; n++) {
        const id = `${who.name}-${day}-${n}`;
        const surname = n < 2 ? "Smith" : surnames[(day * 7 + n * 3 + who.name.length) % 60];
        clinic.feed([visit(id, day), read(who, id, `Pat ${surname}`, day, 500 + n * 20)]);
      }
    expect(clinic.feed(read(ann, `other-${day}`, `Sam ${surnames[day % 60]}`, day, 720))).toEqual([]);
  }
  return clinic;
}
const today = 29;
const family = (count: number, surname: string, day = today) =>
  Array.from({ length: count }, (_, n) => read(ann, `${surname}-${n}`, `${"ABCDEFGH"[n]}da ${surname}`, day, 600 + n));

describe("looking up people one knows", () => {
  it("finds four patients of one surname who are not the user's, and names nobody", () => {
    const found = settled().feed(family(4, "Zylkowska"));
    expect(found.map(({ reason }) => reason)).toEqual([
      "opened the records of 4 patients within a week who share one surname, none with an earlier access, a visit or a colleague's access; by chance it would be fewer than 0.1",
    ]);
  });

  it("finds two patients of the user's own surname, over some days, by name, address or attribute", () => {
    const clinic = settled();
    expect(clinic.feed(read(ann, "r1", "Carter, Bob", today))).toEqual([]);
    const [found] = clinic.feed(read(ann, "r2", "Ms. Sue Carter", today + 3));
    expect(found?.reason).toMatch(/^opened the records of 2 patients within a week who have the user's own surname/);
    const attributed = settled();
    const told = { attributes: { patient: { last_name: "Carter" } } };
    expect(attributed.feed([1, 2].map((n) => opens(ann, `q${n}`, today, 600 + n, told)))).toHaveLength(1);
  });

  it("finds the records of two colleagues", () => {
    const [first, ...more] = settled().feed([
      read(ann, "c1", "Hill, Nora", today),
      read(ann, "c2", "Nick Ross", today),
    ]);
    expect(first?.reason).toMatch(/^opened the records of 2 patients within a week who work here themselves/);
    expect(more).toEqual([]);
    expect(settled().feed(read(ann, "c1", "Nora Hill", today))).toEqual([]);
  });

  it("does not mind a common surname, a family with a visit, and those of long ago", () => {
    expect(settled().feed(family(5, "Smith"))).toEqual([]);
    const visiting = family(5, "Zylkowska").flatMap((event) => [visit(event.target?.patientId ?? "", today), event]);
    expect(settled().feed(visiting)).toEqual([]);
    const clinic = settled();
    for (const [n, event] of family(5, "Zylkowska").entries())
      expect(clinic.feed({ ...event, time: event.time + n * 9 * 86_400_000 })).toEqual([]);
    const nora = settled();
    expect(nora.feed([read(ann, "own", "Ann Carter", today), read(ann, "c1", "Nora Hill", today)])).toEqual([]);
  });

  it("takes no titles of documents for names, and no patients for staff", () => {
    const forms = Array.from({ length: 30 }, (_, n) =>
      read(ann, `f${n}`, n % 2 ? "Lab report 12" : "Consent", today, 600 + n),
    );
    expect(settled().feed(forms)).toEqual([]);
    const clinic = settled();
    for (const name of ["Zoe Quint", "Yan Quell"])
      for (let n = 0; n < 6; n++) clinic.feed(opens({ name, role: "patient" }, `own-${name}`, today - 1, 600 + n));
    expect(clinic.feed([read(ann, "z", "Zoe Quint", today), read(ann, "y", "Yan Quell", today)])).toEqual([]);
  });

  it("judges nobody before 14 days, and no surname before 200 patients are known", () => {
    expect(settled(7).feed(family(6, "Zylkowska", 8))).toEqual([]);
    const few = drive([snooping]);
    few.feed([read(ann, "a", "Al Sorensen", 0), ...family(6, "Zylkowska", 20)]);
    expect(few.feed(family(6, "Zylkowska", 21))).toEqual([]);
  });

  it("keeps names and patients only disguised", () => {
    const clinic = settled();
    const events = family(4, "Zylkowska");
    clinic.feed(events);
    const kept: string[] = [];
    for (const facet of [foreignPatients, names] as const)
      clinic.change(facet as typeof names, events[0] as (typeof events)[0], (state) =>
        kept.push(JSON.stringify(state)),
      );
    expect(kept.join()).not.toMatch(/zylkowska|carter|nora|hill|other-/i);
  });
});
