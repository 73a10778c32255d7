import { expect, it } from 'vitest'
import { importBenny, MissingPackageError } from './benny.ts'

it('is the package where it is installed, and asked for by name where it is not', async () => {
  expect(await importBenny()).toMatchObject({ add: expect.any(Function), suite: expect.any(Function) })
  const absent = importBenny(() => Promise.reject(new Error("Cannot find package 'benny'\nimported from x")))
  await expect(absent).rejects.toThrow(MissingPackageError)
  await expect(absent).rejects.toThrow(/`npm i benny` \(Cannot find package 'benny'\)$/)
})
