/** Names and shapes of a checkpoint. */
export type Shapes = ReadonlyMap<string, readonly number[]>

const levelsOf = (shapes: Shapes, pattern: RegExp) => {
  const found = new Map<number, number>()
  for (const [name, shape] of shapes) {
    const match = pattern.exec(name)
    if (match !== null) found.set(Number(match[1]), shape[0] ?? 0)
  }
  return [...found].sort(([a], [b]) => a - b).map(([, channels]) => channels)
}

/** What family of network the names and shapes of a checkpoint belong to, with the widths that they show. */
export function guessArchitecture(shapes: Shapes): string {
  const input = shapes.get('conv_in.weight')
  if (input !== undefined && shapes.has('time_embedding.linear_1.weight')) {
    const widths = levelsOf(shapes, /^down_blocks\.(\d+)\.resnets\.\d+\.conv2\.weight$/)
    const output = shapes.get('conv_out.weight')
    const attention = [...shapes.keys()].some((name) => /^down_blocks\.\d+\.attentions\./.test(name))
    return `ddpm (diffusers UNet2DModel): ${input[1]} → ${output?.[0] ?? '?'} channels, widths ${widths.join(', ')}${attention ? ', with attention' : ''}`
  }
  const first = shapes.get('input_blocks.0.0.weight')
  if (first !== undefined && shapes.has('time_embed.0.weight')) {
    const out = shapes.get('out.2.weight')?.[0]
    const learned = out !== undefined && out === 2 * (first[1] ?? 0)
    const labels = shapes.get('label_emb.weight')
    return `adm (guided-diffusion UNetModel): ${first[1]} input channels, base width ${first[0]}${learned ? ', learned variance' : ''}${labels === undefined ? '' : `, ${labels[0]} classes`}`
  }
  return 'not one of those known here (ddpm, adm)'
}
