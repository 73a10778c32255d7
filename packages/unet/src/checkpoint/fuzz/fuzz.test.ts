import { expect, test } from 'vitest'
import { caseOf, emptyTally, readAll, runCases, soundFiles } from './campaign.test.helper.ts'

// A sample of the campaign that `npm run fuzz -- --readers` runs in full; its record is docs/fuzz.md.

const files = soundFiles()

test('sound files are read or refused as they are known to be', () => {
  expect(files.length).toBeGreaterThan(250)
  const known = files.flatMap((file) => (file.kind === 'safetensors' ? Object.keys(file.header) : []))
  expect(known).toContain('all_modules.11.weight')
  expect(new Set(files.map(({ kind }) => kind)).size).toBe(6)
})

test('three thousand changed files end in a typed error or in what they hold', () => {
  const tally = emptyTally()
  runCases(files, 1, 0, 3000, tally)
  expect(tally.failures).toEqual([])
  // Neither should be rare: files that all break at once test nothing behind that.
  expect(tally.read).toBeGreaterThan(300)
  expect(tally.refused).toBeGreaterThan(300)
})

test('a case is the same whatever came before it', () => {
  expect(caseOf(files, 7, 123)).toEqual(caseOf(files, 7, 123))
  expect(readAll(caseOf(files, 7, 123))).toBe(readAll(caseOf(soundFiles(), 7, 123)))
})
