// Gives all property tests one seed, from the environment: `TWEEDIE_TEST_SEED=7 npm run unit -- packages/tensor`. Left
// out, fast-check draws another in every run, and tells it where a property fails.
const text = process.env.TWEEDIE_TEST_SEED ?? ''
if (text !== '') {
  const seed = Number(text)
  if (!Number.isInteger(seed) || Math.abs(seed) >= 2 ** 31)
    throw new Error(`TWEEDIE_TEST_SEED must be an integer of 32 bits, got '${text}'`)
  const { configureGlobal, readConfigureGlobal } = await import('fast-check')
  configureGlobal({ ...readConfigureGlobal(), seed })
}
