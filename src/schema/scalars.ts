import { GraphQLScalarType } from "graphql";
import { DateTimeResolver, DurationResolver, IPResolver, JSONResolver, URLResolver } from "graphql-scalars";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";

builder.addScalarType("DateTime", DateTimeResolver);
builder.addScalarType("JSON", JSONResolver);
builder.addScalarType("URL", URLResolver);
builder.addScalarType(
  "Duration",
  described(DurationResolver, "Duration", "A length of time as ISO 8601, e.g. `PT15M`."),
);
builder.addScalarType("IPAddress", described(IPResolver, "IPAddress", "An IPv4 or IPv6 address."));

builder.scalarType("EventTime", {
  description: "When an event happened: ISO 8601 text, or milliseconds since 1970.",
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === "string" || typeof value === "number") return value;
    throw new VigilError("BAD_USER_INPUT", "A time is ISO 8601 text or epoch milliseconds");
  },
});

function described(scalar: GraphQLScalarType, name: string, description: string): GraphQLScalarType<never, never> {
  return new GraphQLScalarType({ ...scalar.toConfig(), name, description }) as GraphQLScalarType<never, never>;
}

const duration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days or less; months and years have no fixed length. */
export function milliseconds(text: string): number {
  const match = duration.exec(text);
  if (!match) throw new VigilError("BAD_USER_INPUT", "A duration is days, hours, minutes and seconds, e.g. PT1S");
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
