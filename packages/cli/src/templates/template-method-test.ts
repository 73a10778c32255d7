import { test } from 'node:test'
import { methodLaws } from '@tweedie/solvers/laws'
import templateMethod from './template-method.ts'

// A batch equals its samples one by one, a stopped run goes on bit for bit, … and, as this method tends to the exact
// posterior of x₀ ~ N(0, I) with many steps: mean and spread are within a tenth of a standard deviation there.
for (const { name, holds } of methodLaws(templateMethod, { exact: { steps: 200, within: 0.1 } }))
  test(name, holds)
