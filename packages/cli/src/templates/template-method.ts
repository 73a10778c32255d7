import { ddim, defineMethod, guidedPlan, number, proximal, residualNorm } from '@tweedie/solvers'

/** x̂₀ moved toward y by the rule of Bayes, as if x₀ given x_t were N(x̂₀, r²I); then a reverse step. */
export default defineMethod({
  name: 'template-method',
  title: 'Posterior mean around the guess',
  family: 'explicit',
  needs: ['linear', 'sigma'],
  steps: 100,
  spacing: 'linspace',
  options: {
    eta: number("DDIM's η: 0 adds no noise, 1 is ancestral", { default: 1, min: 0, max: 1 }),
  },
  plan: (run) => {
    const { operator, noise, y } = run.problem
    return guidedPlan(run, ddim(run.options.eta), {
      through: false, // no gradient through the denoiser
      at: ({ x0hat, alpha, sigma }) => {
        const r = sigma / Math.hypot(alpha, sigma) // spread of x₀ given x_t, were x₀ ~ N(0, I)
        const x0 = proximal({ operator, y, sigmaY: noise.sigma }, x0hat, r)
        return { x0, residual: residualNorm(operator, y, x0hat) }
      },
    })
  },
})
