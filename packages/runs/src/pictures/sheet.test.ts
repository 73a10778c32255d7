import { expect, test } from 'vitest'
import type { Picture } from './picture.ts'
import { drawSheet, pictureOnSheet } from './sheet.ts'

const grey = (side: number, seed: number): Picture => ({
  channels: 1,
  width: side,
  height: side,
  data: Float32Array.from({ length: side * side }, (_, k) => ((k * 7 + seed * 13) % 101) / 100),
})

test('pictures come back from where a sheet has them, smaller ones among larger', () => {
  const cells = [[grey(28, 1), grey(28, 2), undefined], [grey(32, 3), grey(28, 4), grey(56, 5)]] as const // biome-ignore format: rows
  const labels = ['truth', 'red-diff']
  const sheet = drawSheet([
    {
      title: 'a digit',
      columns: ['a', 'b', 'c'],
      rows: labels.map((label, r) => ({ label, cells: cells[r] ?? [] })),
    },
  ])
  const plan = { labels, columns: 3 }
  cells.forEach((row, r) => {
    row.forEach((cell, c) => {
      if (cell !== undefined) expect(pictureOnSheet(sheet, plan, [r, c], cell.width)).toEqual(cell)
    })
  })
  // Of 56: enlarged twice, which is the room.
  const room = pictureOnSheet(sheet, plan, [0, 0])
  expect(room.width).toBe(112)
  expect(room.data[5 * 112 + 9]).toBe(cells[0][0].data[1 * 28 + 2])
  expect(new Set(pictureOnSheet(sheet, plan, [0, 2]).data).size).toBe(1)
})
