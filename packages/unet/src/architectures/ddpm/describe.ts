import type { NamedShapes } from '../../param-source.ts'

/** Channels, widths of the levels and whether there is attention, from names and shapes of a `ddpm` network. */
export function describeDdpm(shapes: NamedShapes): string {
  const channels = (name: string, axis: number) => shapes.get(name)?.[axis] ?? '?'
  const attention = [...shapes.keys()].some((name) => /^down_blocks\.\d+\.attentions\./.test(name))
  return `${channels('conv_in.weight', 1)} → ${channels('conv_out.weight', 0)} channels, widths ${widths(shapes).join(', ')}${attention ? ', with attention' : ''}`
}

/** Channels of the levels, from the full resolution down. */
function widths(shapes: NamedShapes): number[] {
  const found = new Map<number, number>()
  for (const [name, shape] of shapes) {
    const level = /^down_blocks\.(\d+)\.resnets\.\d+\.conv2\.weight$/.exec(name)?.[1]
    if (level !== undefined) found.set(Number(level), shape[0] ?? 0)
  }
  return [...found].sort(([a], [b]) => a - b).map(([, width]) => width)
}
