import "./score.css";

/** A threat score of 0 to 100: a number, and how far it reaches. */
export function Score({ value }: { value: number }) {
  const whole = Math.round(value);
  return (
    <span className="score">
      <span className="score-bar" aria-hidden="true">
        <span className={whole >= 75 ? "score-high" : undefined} style={{ width: `${Math.min(100, whole)}%` }} />
      </span>
      <span className="number">{whole}</span>
    </span>
  );
}
