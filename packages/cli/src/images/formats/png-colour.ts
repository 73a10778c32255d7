import { inflateSync } from 'node:zlib'
import { longestProfile, profileNotes } from './profile.ts'

/** Chunks that say how the samples of a PNG are meant, by name. */
export const colourChunks = ['sRGB', 'iCCP', 'gAMA', 'cICP'] as const

type ColourChunks = ReadonlyMap<string, Buffer>

/** Gamma is stored times 100,000; that of sRGB is 1/2.2. */
const usualGamma = 45455

/** cICP of sRGB: primaries and transfer of ITU-T H.273, RGB, the full range. */
const usualCode = [1, 13, 0, 1]

/**
 * What is to be said of how a PNG's samples are meant, where they are not those of sRGB: the first that there is of cICP,
 * iCCP, sRGB and gAMA counts (PNG, third edition, 4.3).
 */
export function colourNotes(chunks: ColourChunks): string[] {
  const code = chunks.get('cICP')
  if (code !== undefined && code.length === 4) {
    if (usualCode.every((value, i) => code[i] === value)) return []
    return [
      `its colours are of primaries ${code[0]} and transfer ${code[1]} of ITU-T H.273, and were not converted: the values are taken as they are`,
    ]
  }
  const profile = chunks.get('iCCP')
  if (profile !== undefined) return profileNotes(unpacked(profile))
  const gamma = chunks.get('gAMA')
  if (chunks.has('sRGB') || gamma === undefined || gamma.length !== 4) return []
  const value = gamma.readUInt32BE(0)
  if (Math.abs(value - usualGamma) <= 500) return []
  return [`its gamma is ${value / 1e5}, where 0.45455 is usual: the values are taken as they are`]
}

/** The profile of an iCCP chunk: its name, 0, the method 0, deflated data. Nothing where it is damaged. */
function unpacked(data: Buffer): Uint8Array {
  const end = data.indexOf(0)
  try {
    return inflateSync(data.subarray(end + 2), { maxOutputLength: longestProfile })
  } catch {
    return new Uint8Array()
  }
}
