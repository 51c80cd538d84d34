import "./world-map.css";

/** Something at a place. */
export interface MapPoint {
  key: string;
  /** Degrees, WGS 84. */
  lat: number;
  lon: number;
  /** How large, against the others. */
  size: number;
  isBad: boolean;
  /** What it is, for its tooltip. */
  text: string;
}

const biggest = 12; // degrees across
const smallest = 3.4;
const few = 5; // none is drawn big while all are small

/** Bigger ones first, so that none hides a smaller one; the area tells the size. */
export function drawn(points: readonly MapPoint[]): (MapPoint & { radius: number })[] {
  const most = Math.max(few, ...points.map(({ size }) => size));
  return points
    .map((point) => ({ ...point, radius: Math.max(smallest, biggest * Math.sqrt(point.size / most)) / 2 }))
    .sort((a, b) => b.radius - a.radius);
}

/**
 * The world in an equirectangular projection with points on it. The land is Natural Earth's 1:110m (public domain), without
 * the Antarctic, to half a degree: `world.svg`, which lies beside this and is asked of nobody else.
 */
export function WorldMap({ label, points }: { label: string; points: readonly MapPoint[] }) {
  return (
    <div className="world-map">
      <div className="world-land" aria-hidden="true" />
      <svg viewBox="-180 -84 360 142" role="img" aria-label={label}>
        {drawn(points).map(({ key, lat, lon, radius, isBad, text }) => (
          <circle key={key} className={isBad ? "world-bad" : undefined} cx={lon} cy={-lat} r={radius}>
            <title>{text}</title>
          </circle>
        ))}
      </svg>
    </div>
  );
}
