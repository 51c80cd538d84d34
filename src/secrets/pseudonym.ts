/** What stands for a sealed value where people see groups and subjects: the same for equal values, and told to nobody. */
export function pseudonymBy(indexOf: (value: string) => Buffer): (value: string) => string {
  return (value) => `sealed-${indexOf(value).toString("hex")}`;
}
