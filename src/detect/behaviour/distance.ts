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
