import { test } from 'node:test'
import { priorLaws } from '@tweedie/solvers/laws'
import templatePrior from './template-prior.ts'

// Shapes, finite values, a batch equals its samples one by one, gradients that agree with differences …
for (const { name, holds } of priorLaws(templatePrior)) test(name, holds)
