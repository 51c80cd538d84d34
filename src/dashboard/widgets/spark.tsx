/** A small line of values without axes: the words beside it say what it means. */
export function Spark({ values }: { values: readonly number[] }) {
  if (values.length < 2) return <svg className="spark" viewBox="0 0 100 28" aria-hidden="true" />;
  const most = Math.max(...values, 1e-9);
  const least = Math.min(...values, 0);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 100;
    const y = 26 - ((value - least) / (most - least || 1)) * 24;
    return `${x.toFixed(2)},${y.toFixed(2)}`;
  });
  return (
    <svg className="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`0,28 ${points.join(" ")} 100,28`} />
      <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
