/** The product's mark. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <rect width="32" height="32" rx="8" fill="#2456c9" />
      <path
        d="M7 16c2.600-4.300 5.600-6.400 9-6.400s6.400 2.100 9 6.400c-2.600 4.300-5.600 6.400-9 6.400S9.600 20.300 7 16z"
        fill="none"
        stroke="#fff"
        strokeWidth="2.200"
        strokeLinejoin="round"
      />
      <circle cx="16" cy="16" r="3" fill="#fff" />
    </svg>
  );
}
