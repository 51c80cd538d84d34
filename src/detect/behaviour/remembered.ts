import { LRUCache } from "lru-cache";

/** A function of texts that remembers its latest answers, at most so many. */
export function remembered<Answer>(most: number, compute: (text: string) => Answer): (text: string) => Answer {
  const answers = new LRUCache<string, { answer: Answer }>({ max: most });
  return (text) => {
    let known = answers.get(text);
    if (!known) {
      known = { answer: compute(text) };
      answers.set(text, known);
    }
    return known.answer;
  };
}
