/** Line icons of 16 by 16, each a path of strokes. A new one is one line here. */
const paths = {
  overview: "M2.500 2.500h4.500v6h-4.500zM9 2.500h4.500v3.500H9zM9 8h4.500v5.500H9zM2.500 10.500h4.500v3h-4.500z",
  incident: "M8 2 14.500 13.500h-13zM8 6.500v3.200M8 11.600v.2",
  alert: "M4 7a4 4 0 0 1 8 0v3l1.500 2h-11L4 10zM6.500 14h3",
  live: "M1.500 8h3l2-5 3 10 2-5h3",
  rule: "M3 2.500h7l3 3v8H3zM5.500 8h5M5.500 10.500h5M5.500 5.500h2.500",
  entity:
    "M8 8a2.700 2.700 0 1 0 0-5.400A2.700 2.700 0 0 0 8 8zM2.800 13.800c.5-2.600 2.500-4 5.200-4s4.700 1.400 5.200 4",
  response:
    "M8 1.800 13.500 4v4c0 3-2.200 5.200-5.500 6.300C4.700 13.200 2.500 11 2.500 8V4zM5.500 8l1.800 1.800L10.700 6.400",
  audit: "M4 2.500h8v11H4zM6.200 5.500h3.600M6.200 8h3.600M6.200 10.500h2",
  users:
    "M6 7.500a2.400 2.400 0 1 0 0-4.800 2.400 2.400 0 0 0 0 4.800zM1.500 13.500c.3-2.400 2-3.700 4.500-3.700s4.200 1.300 4.500 3.700M10.500 3a2.300 2.300 0 0 1 0 4.400M12 10c1.500.5 2.300 1.700 2.500 3.500",
  settings: "M2 4.500h7M12 4.500h2M2 11.500h2M7 11.500h7M10.500 3v3M5.500 10v3",
  status: "M2 3h12v4H2zM2 9h12v4H2zM4.500 5h.1M4.500 11h.1M7 5h4M7 11h4",
  channel: "M2 4h12v8.500H2zM2 4.500l6 4.500 6-4.500",
  notification: "M2.500 3h11v8H8l-3 2.500V11H2.500z",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.800 10.800 14 14",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  check: "M3 8.500 6.500 12 13 4.500",
  plus: "M8 3v10M3 8h10",
  more: "M3.500 8h.1M8 8h.1M12.500 8h.1",
  down: "M4 6l4 4 4-4",
  up: "M4 10l4-4 4 4",
  right: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  external: "M6.500 3H3v10h10V9.500M9 2.500h4.500V7M13 3 7.500 8.500",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.200l2.200 1.500",
  trash: "M3 4.500h10M6.500 4V2.500h3V4M4.500 4.500l.6 9h5.800l.6-9",
  edit: "M3 13l.6-2.800 7.200-7.200 2.200 2.200L5.800 12.400z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9",
  moon: "M13 9.600A5.600 5.600 0 0 1 6.400 3 5.600 5.600 0 1 0 13 9.600z",
  screen: "M2 3h12v8H2zM6 13.500h4",
  refresh: "M13 8a5 5 0 1 1-1.500-3.600M13 2.500v3h-3",
  comment: "M2.500 3h11v8H8l-3 2.500V11H2.500zM5 6h6M5 8.300h4",
  report: "M4 1.800h5.500L12.500 5v9.200H4zM9 2v3.500h3.500",
  flag: "M3.500 14V2.500M3.500 3h8l-1.500 2.700L11.500 8.500h-8",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.400"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
