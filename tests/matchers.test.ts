import { describe, expect, test } from 'vitest'

describe('toMatchObject', () => {
  test.for([
    ['a pattern', { out: /b/ }, 'expected.out'],
    ['a pattern in a list', { lines: ['a', /b/] }, 'expected.lines.1'],
    ['an empty object', { memory: {} }, 'expected.memory'],
    ['a buffer', { bytes: new ArrayBuffer(2) }, 'expected.bytes'],
    ['nothing', {}, 'expected'],
  ] as const)('refuses %s, with which anything agrees', ([, expected, path]) => {
    const found = { out: 'a', lines: ['a', 'a'], memory: { used: 1 }, bytes: new ArrayBuffer(1) }
    expect(() => expect(found).toMatchObject(expected)).toThrow(`anything agrees with ${path};`)
    expect(() => expect(found).not.toMatchObject(expected)).toThrow(`anything agrees with ${path};`)
  })

  test('compares all else', async () => {
    const found = { out: 'a', lines: [], at: new Date(1), map: new Map([[1, 2]]), error: new Error('e') }
    const expected = { ...found, out: expect.stringMatching(/a/) }
    expect(found).toMatchObject(expected)
    await expect(Promise.resolve(found)).resolves.toMatchObject(expected)
    for (const other of [{ out: 'b' }, { lines: ['a'] }, { at: new Date(2) }, { map: new Map() }])
      expect(found).not.toMatchObject(other)
  })
})
