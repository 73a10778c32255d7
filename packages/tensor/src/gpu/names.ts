/** A kernel, so far as its text goes. */
interface Kernel {
  readonly length: number
  readonly body: string
}

/** Numbers of kernels by their texts, which are long: what was asked for before is found again by a short name. */
export class Names {
  readonly #numbers = new Map<string, number>()
  readonly #known = new WeakMap<Kernel, number>()
  readonly #most: number
  #next = 0

  /** @param most - Texts that are remembered. One that was forgotten gets another number; none is given twice. */
  constructor(most: number) {
    this.#most = most
  }

  of(kernel: Kernel): number {
    const known = this.#known.get(kernel)
    if (known !== undefined) return known
    const text = `${kernel.length}|${kernel.body}`
    if (this.#numbers.size >= this.#most) this.#numbers.clear()
    const number = this.#numbers.get(text) ?? this.#next++
    this.#numbers.set(text, number)
    this.#known.set(kernel, number)
    return number
  }
}
