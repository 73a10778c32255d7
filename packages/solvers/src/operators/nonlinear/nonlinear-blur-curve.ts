import type { Tensor } from '@tweedie/tensor'
import { maximum, minimum } from '@tweedie/tensor'

/**
 * Where the line v/12.92 of sRGB meets its power ((v + 0.055)/1.055)^2.4: the standard rounds it to 0.04045, which leaves
 * a step of 2·10⁻⁹.
 */
const join = 0.0404482362771076
const slope = 12.92

/**
 * Linear light of sRGB values (IEC 61966-2-1), [0, 1] to [0, 1]. Negative values go on along the line, those above 1
 * along the power: its slope is finite and above 0 everywhere.
 */
export const toLight = (v: Tensor): Tensor =>
  maximum(v, join).add(0.055).div(1.055).pow(2.4).add(minimum(v, join).sub(join).div(slope))

/** The sRGB values of linear light: the inverse of {@link toLight}. */
export const fromLight = (light: Tensor): Tensor =>
  maximum(light, join / slope)
    .pow(1 / 2.4)
    .mul(1.055)
    .sub(0.055)
    .add(
      minimum(light, join / slope)
        .sub(join / slope)
        .mul(slope),
    )
