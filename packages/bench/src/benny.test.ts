import benny from 'benny'
import { expect, test } from 'vitest'
import { importBenny, MissingPackageError } from './benny.ts'

test('benny is the package where it is installed', async () => {
  expect(await importBenny()).toBe(benny)
})

test('benny is asked for by name where it is not', async () => {
  const load = () => Promise.reject(new Error("Cannot find package 'benny'\nRequire stack: …"))
  const error = await importBenny(load).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(MissingPackageError)
  expect(error).toMatchObject({
    message:
      'bench: the package benny, an optional peer of @tweedie/bench, cannot be loaded; install it with ' +
      "`npm i benny` (Cannot find package 'benny')",
  })
})
