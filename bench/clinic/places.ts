/**
 * Where addresses lie: real public ranges of well-known providers, so that any geo data gives real cities. A block is the
 * first three numbers of its addresses.
 */
export interface Place {
  country: string;
  city: string;
  lat: number;
  lon: number;
  blocks: readonly string[];
}

export interface Metro {
  zone: string;
  /** The clinic's own line, a business connection. */
  office: Place;
  /** What takes over when that line fails. */
  spare: Place;
  /** Where staff and patients live: home providers with changing addresses. */
  homes: readonly Place[];
  /** Gateways of the mobile networks, the usual ones first: their addresses may be in another city, or another state. */
  mobile: readonly (readonly Place[])[];
}

const place = (country: string, city: string, lat: number, lon: number, ...blocks: string[]): Place => ({
  country,
  city,
  lat,
  lon,
  blocks,
});

const atlanta = place("US", "Alpharetta", 34.08, -84.29, "107.77.68", "107.93.60", "166.170.58");
const dallasMobile = place("US", "Dallas", 32.78, -96.8, "172.56.20", "172.58.180", "172.59.195");

export const metros: readonly Metro[] = [
  {
    zone: "America/Chicago",
    office: place("US", "Austin", 30.27, -97.74, "71.78.52"),
    spare: place("US", "Austin", 30.27, -97.74, "12.251.220"),
    homes: [
      place("US", "Austin", 30.27, -97.74, "24.27.118", "66.68.18", "70.114.194", "97.99.195"),
      place("US", "Austin", 30.27, -97.74, "99.99.159", "107.207.137", "71.159.253"),
      place("US", "Austin", 30.27, -97.74, "136.49.69", "136.62.121", "136.60.93"),
      place("US", "Round Rock", 30.51, -97.68, "70.114.184", "72.128.154", "24.27.32"),
      place("US", "Cedar Park", 30.51, -97.82, "70.123.149", "75.87.122", "70.113.63"),
      place("US", "Pflugerville", 30.44, -97.62, "99.67.253", "104.54.146", "76.251.208"),
      place("US", "Leander", 30.58, -97.85, "107.218.143", "99.46.73"),
    ],
    mobile: [
      [dallasMobile, place("US", "Houston", 29.76, -95.37, "170.206.128", "172.56.24"), atlanta],
      [
        place("US", "Austin", 30.27, -97.74, "97.139.64", "97.155.192", "174.226.160"),
        place("US", "San Antonio", 29.42, -98.49, "97.147.61", "75.212.224"),
        place("US", "Dallas", 32.78, -96.8, "72.106.64", "97.176.71"),
      ],
      [place("US", "Allen", 33.1, -96.67, "107.87.144", "166.137.47", "166.173.119"), atlanta],
    ],
  },
  {
    zone: "America/Denver",
    office: place("US", "Denver", 39.74, -104.99, "96.88.78"),
    spare: place("US", "Denver", 39.74, -104.99, "12.112.32"),
    homes: [
      place("US", "Denver", 39.74, -104.99, "73.34.119", "75.70.68", "50.214.2"),
      place("US", "Denver", 39.74, -104.99, "71.218.115", "97.122.109", "71.218.65"),
      place("US", "Aurora", 39.73, -104.83, "71.237.121", "73.217.19", "98.38.87"),
      place("US", "Lakewood", 39.7, -105.08, "67.190.122", "73.3.251", "98.55.124"),
      place("US", "Boulder", 40.01, -105.27, "73.34.75", "76.25.57", "73.203.71"),
      place("US", "Arvada", 39.8, -105.09, "67.190.114", "73.229.205", "76.25.244"),
      place("US", "Littleton", 39.61, -105.02, "71.205.175", "98.245.73", "73.217.93"),
    ],
    mobile: [
      [place("US", "Denver", 39.74, -104.99, "172.58.59", "172.59.228", "172.59.234"), dallasMobile],
      [
        place("US", "Denver", 39.74, -104.99, "97.139.151", "97.171.70", "97.179.117"),
        place("US", "Aurora", 39.73, -104.83, "174.215.5", "97.213.112"),
        place("US", "Salt Lake City", 40.76, -111.89, "97.138.16", "75.203.144"),
      ],
      [place("US", "Salt Lake City", 40.76, -111.89, "12.72.168", "12.72.176"), dallasMobile, atlanta],
    ],
  },
  {
    zone: "America/New_York",
    office: place("US", "Charlotte", 35.23, -80.84, "75.176.62"),
    spare: place("US", "Charlotte", 35.23, -80.84, "12.195.25"),
    homes: [
      place("US", "Charlotte", 35.23, -80.84, "24.74.16", "69.132.15", "98.122.186", "173.92.67"),
      place("US", "Charlotte", 35.23, -80.84, "99.76.156", "107.210.117", "71.139.99"),
      place("US", "Charlotte", 35.23, -80.84, "136.57.148", "136.57.204"),
      place("US", "Concord", 35.41, -80.58, "71.71.64", "75.191.1", "98.25.150"),
      place("US", "Gastonia", 35.26, -81.19, "66.26.201", "76.36.62", "104.139.32"),
      place("US", "Huntersville", 35.41, -80.84, "65.190.224", "75.183.181", "98.101.217"),
      place("US", "Matthews", 35.12, -80.72, "24.171.182", "66.26.217", "75.181.211"),
    ],
    mobile: [
      [place("US", "Charlotte", 35.23, -80.84, "170.206.0", "170.206.52", "170.206.104"), atlanta],
      [
        place("US", "Charlotte", 35.23, -80.84, "97.140.16", "97.166.164", "75.207.188"),
        place("US", "Durham", 35.99, -78.9, "97.166.192", "166.153.138"),
        place("US", "Atlanta", 33.75, -84.39, "72.105.32", "97.180.123"),
      ],
      [atlanta, place("US", "Arlington", 38.88, -77.1, "107.81.64", "107.81.112")],
    ],
  },
];

/** Where people go on holiday, within the country. */
export const resorts: readonly Place[] = [
  place("US", "Miami", 25.77, -80.19, "73.56.172", "76.128.73"),
  place("US", "Orlando", 28.54, -81.38, "99.111.193"),
  place("US", "San Diego", 32.72, -117.16, "69.220.132", "99.95.168"),
  place("US", "Phoenix", 33.45, -112.07, "70.171.243", "98.165.95"),
];

/** Where conferences are. */
export const conferences: readonly Place[] = [
  place("ES", "Madrid", 40.42, -3.7, "80.59.211", "88.12.131"),
  place("CA", "Toronto", 43.65, -79.38, "76.70.30", "142.189.148"),
  place("DE", "Berlin", 52.52, 13.4, "80.137.36", "87.171.88"),
  place("GB", "London", 51.51, -0.13, "86.154.132", "86.157.70"),
];

/** Networks abroad from which attackers come. */
export const abroad: readonly Place[] = [
  place("NG", "Lagos", 6.45, 3.39, "102.88.32", "102.89.87"),
  place("BR", "São Paulo", -23.55, -46.63, "177.32.0", "189.120.46", "186.204.105"),
  place("RO", "Bucharest", 44.43, 26.1, "82.76.233", "86.124.83"),
  place("RU", "Novosibirsk", 55.03, 82.92, "90.189.228", "176.51.159"),
  place("VN", "Hanoi", 21.03, 105.85, "14.231.41", "113.179.161"),
  place("EG", "Cairo", 30.04, 31.24, "41.32.0", "156.205.168"),
  place("ZA", "Johannesburg", -26.2, 28.05, "105.184.159", "41.145.144"),
];

/** Rented machines, from which programs and attackers work. */
export const hosting: readonly Place[] = [
  place("US", "Clifton", 40.86, -74.16, "104.236.88", "159.89.44", "45.55.32"),
  place("US", "Santa Clara", 37.35, -121.96, "138.68.52", "159.65.100"),
  place("US", "Los Angeles", 34.05, -118.24, "45.32.64", "66.42.98", "149.28.78"),
  place("US", "Buffalo", 42.89, -78.88, "107.172.208", "172.245.199"),
  place("DE", "Falkenstein", 50.48, 12.37, "5.9.0", "157.90.145"),
  place("NL", "Amsterdam", 52.37, 4.9, "146.190.18", "178.62.207"),
  place("US", "Las Vegas", 36.17, -115.14, "205.185.118", "209.141.44"),
];

/** Where the exits of a commercial VPN stand. */
export const vpnExits: readonly Place[] = [
  place("US", "New York", 40.71, -74.01, "89.222.109", "156.146.58"),
  place("US", "Los Angeles", 34.05, -118.24, "84.32.105", "23.230.181"),
  place("US", "Miami", 25.77, -80.19, "79.127.148", "156.146.43"),
  place("CA", "Toronto", 43.65, -79.38, "138.199.48", "191.96.237"),
];

/** Where the partners' programs run. */
export const partners = {
  laboratory: place("US", "Ashburn", 39.04, -77.49, "54.86.37"),
  clearing: place("US", "Columbus", 39.96, -83.0, "3.137.237"),
  calendar: place("US", "Boardman", 45.84, -119.7, "35.155.152"),
  monitor: place("US", "Richardson", 32.95, -96.73, "45.79.41"),
} as const;
