/**
 * What a terminal would obey or hide: control characters (C0, C1), line and paragraph separators, marks that
 * turn the direction of text, characters without width, halves of surrogate pairs, tags.
 */
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/**
 * Text of a file made safe to print: on one line, with what a terminal would obey or hide written as
 * `\u{…}`.
 * @param most - Characters that are kept; a longer text ends in '…'.
 * @example
 * ```ts
 * import { printable } from '@tweedie/tensor'
 * printable('conv\u001b[2J.weight') // => 'conv\\u{1b}[2J.weight'
 * ```
 */
export function printable(text: string, most = Number.POSITIVE_INFINITY): string {
  const kept = text.length > most ? `${text.slice(0, most)}…` : text
  return kept.replace(unprintable, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}
