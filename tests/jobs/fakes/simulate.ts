/** What a worker has seen so far. */
export interface Sums {
  n: number;
  sum: number;
  squares: number;
}

/** The pay-offs of a call option at the money, over a year without interest. */
export function simulate(paths: number, volatility: number, normal: () => number): Sums {
  let sum = 0;
  let squares = 0;
  for (let path = 0; path < paths; path++) {
    const price = Math.exp(volatility * normal() - volatility * volatility / 2);
    const payOff = Math.max(price - 1, 0);
    sum += payOff;
    squares += payOff * payOff;
  }
  return { n: paths, sum, squares };
}
