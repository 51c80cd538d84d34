/** Where a day's events are written down: it gives them their ids, and notes which belong to an attack. */
import type { Spot } from "./address.ts";
import type { ClinicEvent, Told } from "./event.ts";
import type { World } from "./world.ts";

export type Draft = Omit<ClinicEvent, "id" | "source" | "logsource"> & {
  /** From where. */
  spot?: Spot;
  /** The program that tells: one of the clinic's services. Default `ehr`. */
  service?: string;
};

export interface DayBook {
  add(draft: Draft, attack?: string): ClinicEvent;
  told: Told[];
}

const logCategories: Record<string, string> = { auth: "authentication", web: "webserver", ehr: "application" };

/** A log source of the clinic as it is called: product/service/category, without a category where there is none. */
export function sourceKey(service: string): string {
  const category = logCategories[service];
  return `${product(service)}/${service}${category ? `/${category}` : ""}`;
}

function product(service: string): string {
  return service === "doors" ? "building" : service === "monitor" || service === "backup" ? "infrastructure" : "clinic";
}

export function openDayBook({ seed, sendPlaces, firstDay }: World, day: number): DayBook {
  const told: Told[] = [];
  const begins = `${firstDay.year}${firstDay.month}${firstDay.date}`;
  return {
    told,
    add({ spot, service = "ehr", ...rest }, attack) {
      const category = logCategories[service];
      const place = sendPlaces && spot ? spot.place : undefined;
      const event: ClinicEvent = {
        id: `clinic-${seed}-${begins}-${day}-${told.length}`,
        logsource: { product: product(service), service, ...(category ? { category } : {}) },
        ...(spot
          ? {
              source: {
                ip: spot.ip,
                ...(place ? { country: place.country, city: place.city, lat: place.lat, lon: place.lon } : {}),
              },
            }
          : {}),
        ...rest,
      };
      event.time = Math.round(event.time);
      told.push({ event, ...(attack === undefined ? {} : { attack }) });
      return event;
    },
  };
}
