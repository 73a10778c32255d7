import { describe, expect, test } from 'vitest'
import { FileFormatError } from './errors.ts'
import { printable } from './printable.ts'

describe('text of a file', () => {
  test.each([
    ['ESC', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['C1 control', 'a\u009b2Jb', 'a\\u{9b}2Jb'],
    ['DEL, line feed, carriage return', '\u007f\n\r', '\\u{7f}\\u{a}\\u{d}'],
    ['turned direction', 'a\u202eb\u2066', 'a\\u{202e}b\\u{2066}'],
    ['no width', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['line separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['half a pair', 'a\ud800b', 'a\\u{d800}b'],
    ['tags beyond 16 bits', '\u{e0041}', '\\u{e0041}'],
  ])('%s is written out', (_, text, expected) => expect(printable(text)).toBe(expected))

  test('letters of any script stay as they are', () => {
    for (const text of ['conv.weight', 'größe', '重み', '𝛼 😀']) expect(printable(text)).toBe(text)
  })

  test.each([
    ['abc', 'abc'],
    ['abcd', 'abc…'],
    ['abcdef', 'abc…'],
  ])('%s cut to three characters', (text, expected) => expect(printable(text, 3)).toBe(expected))

  test('a FileFormatError keeps its lines and prints no control characters', () => {
    const error = new FileFormatError('a\u001bb', "holds '\u001b[31m'\nand more")
    expect(error.message).toBe("a\\u{1b}b: holds '\\u{1b}[31m'\nand more")
    expect(error.file).toBe('a\u001bb')
  })
})
