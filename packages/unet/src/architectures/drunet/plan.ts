import type { DrunetConfig } from './config.ts'

/** One layer, with its name in the state dict. */
export interface DrunetLayer {
  readonly kind: 'block' | 'down' | 'up'
  readonly name: string
  readonly inChannels: number
  readonly outChannels: number
}

/** The layers between the first convolution and the last, by the level that they belong to. */
export interface DrunetPlan {
  /** Of each level but the last, from the full resolution down: its blocks, then the way down. */
  readonly down: readonly (readonly DrunetLayer[])[]
  readonly body: readonly DrunetLayer[]
  /** Of the same levels, from the coarsest up: the way up, then its blocks. */
  readonly up: readonly (readonly DrunetLayer[])[]
}

/** The layers that a configuration stands for, in order of execution. */
export function drunetPlan({ widths, numBlocks }: DrunetConfig): DrunetPlan {
  const blocks = (prefix: string, from: number, width: number): DrunetLayer[] =>
    Array.from({ length: numBlocks }, (_, j) => ({
      kind: 'block',
      name: `${prefix}.${from + j}`,
      inChannels: width,
      outChannels: width,
    }))
  const halvings = widths.slice(1).map((coarse, i) => ({ fine: widths[i] ?? 0, coarse, level: i + 1 }))
  return {
    down: halvings.map(({ fine, coarse, level }) => [
      ...blocks(`m_down${level}`, 0, fine),
      { kind: 'down', name: `m_down${level}.${numBlocks}`, inChannels: fine, outChannels: coarse },
    ]),
    body: blocks('m_body', 0, widths.at(-1) ?? 0),
    up: halvings
      .toReversed()
      .map(({ fine, coarse, level }) => [
        { kind: 'up', name: `m_up${level}.0`, inChannels: coarse, outChannels: fine },
        ...blocks(`m_up${level}`, 1, fine),
      ]),
  }
}
