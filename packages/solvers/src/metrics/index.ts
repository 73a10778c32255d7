export { misfit } from './misfit.ts'
export { psnr } from './psnr.ts'
export { ssim } from './ssim.ts'
