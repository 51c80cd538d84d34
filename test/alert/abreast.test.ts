import { expect, it } from "vitest";
import { createAbreast } from "../../src/alert/abreast.ts";

it("lets only so many be sent and not written down; one without an answer gives its place up, and takes it with its answer", async () => {
  const abreast = createAbreast(2, 20);
  const inside: number[] = [];
  const enter = async (n: number) => {
    const place = await abreast.enter();
    inside.push(n);
    return place;
  };
  const [one, two] = await Promise.all([enter(1), enter(2)]);
  one.answered();
  two.answered();
  const three = enter(3);
  const four = enter(4);
  const urgent = abreast.pass(); // above the bound
  urgent.answered();
  one.leave();
  one.leave(); // once is enough
  await Promise.resolve();
  expect(inside).toEqual([1, 2]); // the urgent one has its place
  two.leave();
  const slow = await three;
  await four; // came in when the third, which nobody answered, had waited long enough
  expect(inside).toEqual([1, 2, 3, 4]);
  slow.answered(); // counts again
  urgent.leave();
  const five = enter(5);
  await Promise.resolve();
  slow.leave();
  await five;
  expect(inside).toEqual([1, 2, 3, 4, 5]);
});
