/** No profile that is looked into is longer, in bytes. */
export const longestProfile = 2 ** 22

/**
 * What is to be said of a colour profile (ICC.1:2022): nothing of sRGB, whose values are taken for granted; of another one
 * its name. What is damaged has none.
 */
export function profileNotes(profile: Uint8Array): string[] {
  const name = profileName(Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength))
  if (name !== undefined && /\bs-?RGB\b/i.test(name)) return []
  return [
    `its colour profile${name === undefined ? '' : ` is '${name}'; it`} was not applied: the values are taken as they are`,
  ]
}

/** The description of a profile, in English where it is there in several languages. */
function profileName(profile: Buffer): string | undefined {
  if (profile.length < 132 || profile.length > longestProfile) return undefined
  if (profile.toString('latin1', 36, 40) !== 'acsp') return undefined
  const count = Math.min(profile.readUInt32BE(128), Math.floor((profile.length - 132) / 12))
  for (let i = 0; i < count; i++) {
    const at = 132 + 12 * i
    if (profile.toString('latin1', at, at + 4) !== 'desc') continue
    const [from, length] = [profile.readUInt32BE(at + 4), profile.readUInt32BE(at + 8)]
    if (from + length > profile.length) return undefined
    return tidy(readText(profile.subarray(from, from + length)))
  }
  return undefined
}

/** A textDescriptionType of version 2, or a multiLocalizedUnicodeType of version 4. */
function readText(tag: Buffer): string | undefined {
  const type = tag.toString('latin1', 0, 4)
  if (type === 'desc' && tag.length >= 12) {
    const length = Math.min(tag.readUInt32BE(8), tag.length - 12)
    return tag.toString('latin1', 12, 12 + length)
  }
  if (type !== 'mluc' || tag.length < 28) return undefined
  const count = Math.min(tag.readUInt32BE(8), Math.floor((tag.length - 16) / 12))
  const records = Array.from({ length: count }, (_, i) => 16 + 12 * i)
  const at = records.find((record) => tag.toString('latin1', record, record + 2) === 'en') ?? records[0]
  if (at === undefined) return undefined
  const [length, from] = [tag.readUInt32BE(at + 4), tag.readUInt32BE(at + 8)]
  if (from + length > tag.length) return undefined
  const units = Array.from({ length: Math.floor(length / 2) }, (_, i) => tag.readUInt16BE(from + 2 * i))
  return String.fromCharCode(...units.slice(0, 200))
}

/** At most eighty characters that can be printed; undefined where none is left. */
function tidy(text: string | undefined): string | undefined {
  const clean = text?.split('\0')[0]?.replace(/\p{C}/gu, '').trim().slice(0, 80)
  return clean === '' ? undefined : clean
}
