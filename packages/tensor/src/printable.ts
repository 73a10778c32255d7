/**
 * What a terminal would obey or hide: control and format characters (ESC, marks that turn the direction of
 * text, characters without width), line separators, halves of surrogate pairs.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

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
export function printable(text: string, most = Infinity): string {
  const kept = text.length > most ? `${text.slice(0, most)}…` : text
  return kept.replace(unprintable, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}
