/** The arithmetic of k-means, on points that lie one after another in one array. */

/** What a node adds up for each centre: the sums of its points' coordinates, and how many they are. */
export interface Sums {
  /** `centres × dimensions`. */
  readonly sums: Float64Array;
  /** One for each centre. */
  readonly counts: Float64Array;
  /** The squared distances of all points to their centres, added up. */
  readonly inertia: number;
}

/** Points around `clusters` places on a grid. */
export function drawPoints(count: number, clusters: number, normal: () => number): Float64Array {
  const points = new Float64Array(2 * count);
  for (let point = 0; point < count; point++) {
    const cluster = point % clusters;
    points[2 * point] = 10 * (cluster % 3) + normal();
    points[2 * point + 1] = 10 * Math.floor(cluster / 3) + normal();
  }
  return points;
}

/** Gives each point to its nearest centre, and adds up. */
export function assign(points: Float64Array, centres: Float64Array): Sums {
  const count = centres.length / 2;
  const sums = new Float64Array(centres.length);
  const counts = new Float64Array(count);
  let inertia = 0;
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at]!;
    const y = points[at + 1]!;
    let nearest = 0;
    let least = Infinity;
    for (let centre = 0; centre < count; centre++) {
      const distance = (x - centres[2 * centre]!) ** 2 + (y - centres[2 * centre + 1]!) ** 2;
      if (distance < least) {
        least = distance;
        nearest = centre;
      }
    }
    sums[2 * nearest]! += x;
    sums[2 * nearest + 1]! += y;
    counts[nearest]! += 1;
    inertia += least;
  }
  return { sums, counts, inertia };
}

/** The means of all nodes' points; a centre without points stays where it was. */
export function combine(parts: readonly Sums[], centres: Float64Array): Float64Array {
  return centres.map((old, at) => {
    const centre = at >> 1;
    const count = parts.reduce((sum, part) => sum + part.counts[centre]!, 0);
    return count === 0 ? old : parts.reduce((sum, part) => sum + part.sums[at]!, 0) / count;
  });
}

/** How far the farthest centre has moved. */
export function shift(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}
