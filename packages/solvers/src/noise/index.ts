export { gaussianNoise } from './gaussian.ts'
