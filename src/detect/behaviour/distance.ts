const underAKilometre = 0.006; // degrees of latitude and of longitude: at most 0.95 km apart

/** Whether two points lie within a kilometre for sure; cheap. */
export function isSameSpot(one: Point, other: Point): boolean {
  return Math.abs(one.lat - other.lat) <= underAKilometre && Math.abs(one.lon - other.lon) <= underAKilometre;
}

const earthRadiusKm = 6_371.009; // mean radius, IUGG

export interface Point {
  /** Degrees, WGS 84. */
  lat: number;
  lon: number;
}

/**
 * The great-circle distance on a sphere, km; within 0.5 % of the ellipsoid's. The haversine formula: R. W. Sinnott, "Virtues
 * of the Haversine", Sky and Telescope 68 (1984), p. 159.
 */
export function distanceKm(one: Point, other: Point): number {
  const radians = Math.PI / 180;
  const lat = Math.sin(((other.lat - one.lat) * radians) / 2) ** 2;
  const lon = Math.sin(((other.lon - one.lon) * radians) / 2) ** 2;
  const haversine = lat + Math.cos(one.lat * radians) * Math.cos(other.lat * radians) * lon;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(haversine)));
}
