/** A stretch of time in words: `40 s`, `12 min`, `3 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** How far a run over many pictures has come, and how long it will take: as its pictures have taken a pixel. */
export class Estimate {
  readonly #bytes: readonly number[]
  readonly #pixels: (number | undefined)[]
  #done = 0
  #spent = 0

  /** @param bytes - Of each picture's file, which stand for its pixels until it is read. */
  constructor(bytes: readonly number[]) {
    this.#bytes = bytes
    this.#pixels = bytes.map(() => undefined)
  }

  /** Says how many pixels picture i has: 0 where nothing is done for it. */
  read(i: number, pixels: number): void {
    this.#pixels[i] = pixels
  }

  /** Says that picture i is done, after a time of its own in seconds. */
  finished(i: number, seconds: number): void {
    this.#done += this.#pixels[i] ?? 0
    this.#spent += seconds
  }

  /** Pixels of all pictures: of those that were not read by their bytes, as those that were. */
  get #total(): number {
    let [pixels, bytes, unread] = [0, 0, 0]
    for (const [i, size] of this.#bytes.entries()) {
      const known = this.#pixels[i]
      if (known === undefined) unread += size
      else {
        pixels += known
        if (known > 0) bytes += size
      }
    }
    return pixels + (bytes === 0 ? unread : (unread * pixels) / bytes)
  }

  /** The part of all pixels that is done, picture i of which `part` is. */
  progress(i: number, part: number): number {
    const total = this.#total
    return total === 0 ? 1 : (this.#done + part * (this.#pixels[i] ?? 0)) / total
  }

  /** Seconds that are left; undefined before the first picture is done. */
  get left(): number | undefined {
    return this.#done === 0 ? undefined : (this.#spent / this.#done) * (this.#total - this.#done)
  }
}
