//! Newton's method for logistic losses of one, two or three parameters.
//!
//! The loss is convex, so a step that does not lower it enough is halved until it does, and a
//! point where no step does is the minimum. Whether there is a minimum at all is asked before:
//! of separable answers the loss falls for ever, and no method can tell far from infinite.

use std::array;

use super::super::sum::{Sum, sum};

/// Newton needs about ten; this only ends what rounding keeps from arriving.
const MAX_STEPS: usize = 200;

/// A step is halved so often at most: 2^−60 of it changes nothing any more.
const MAX_HALVINGS: usize = 60;

/// An item: its features and its target in `[0, 1]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<const D: usize> {
    pub features: [f64; D],
    pub target: f64,
}

/// The parameters that minimise `Σ [ln(1+e^η) − t·η] + ½ Σ_j ridge_j·θ_j²` with `η = θ·x`,
/// from 0 on. `None` if it does not arrive, which a loss with a minimum does.
pub(super) fn minimise<const D: usize>(items: &[Target<D>], ridge: [f64; D]) -> Option<[f64; D]> {
    let n = items.len() as f64;
    let mut at = [0.0; D];
    let mut here = Pass::over(items, ridge, at);
    let mut arrived = false;
    for _ in 0..MAX_STEPS {
        let step = solve(here.hessian, here.gradient)?;
        // Twice what a quadratic loss would fall by.
        let decrement = sum((0..D).map(|j| here.gradient[j] * step[j]));
        if decrement <= 1e-22 * n {
            return Some(at);
        }
        arrived = decrement <= 1e-14 * n;
        // Near the minimum the loss falls by less than its own rounding.
        let slack = 8.0 * f64::EPSILON * (here.loss + n);
        let mut share = 1.0;
        let better = (0..MAX_HALVINGS).find_map(|_| {
            let next = array::from_fn(|j| at[j] - share * step[j]);
            let there = Pass::over(items, ridge, next);
            let enough = there.loss <= here.loss - 1e-4 * share * decrement + slack;
            share *= 0.5;
            enough.then_some((next, there))
        });
        (at, here) = better?;
    }
    // Rounding can keep nearly parallel features from the last digits.
    arrived.then_some(at)
}

/// `ln(1 + e^η)` without overflow.
pub(super) fn softplus(eta: f64) -> f64 {
    eta.max(0.0) + (-eta.abs()).exp().ln_1p()
}

fn predictor<const D: usize>(features: [f64; D], at: [f64; D]) -> f64 {
    features.iter().zip(at).map(|(x, theta)| x * theta).sum()
}

/// The loss at a point with its derivatives: the first step is nearly always long enough, so
/// that each point is passed over once. The Hessian's lower triangle is filled.
struct Pass<const D: usize> {
    loss: f64,
    gradient: [f64; D],
    hessian: [[f64; D]; D],
}

impl<const D: usize> Pass<D> {
    #[expect(clippy::needless_range_loop, reason = "rows and columns of a matrix")]
    fn over(items: &[Target<D>], ridge: [f64; D], at: [f64; D]) -> Self {
        let mut loss = Sum::default();
        let mut gradient = [Sum::default(); D];
        let mut hessian = [[0.0; D]; D];
        for item in items {
            let eta = predictor(item.features, at);
            let tail = (-eta.abs()).exp();
            // ln(1 + e^η) − t·η, of whose two large terms only what is left is added.
            loss.add(tail.ln_1p());
            loss.add(if eta > 0.0 { (1.0 - item.target) * eta } else { -item.target * eta });
            let p = if eta >= 0.0 { 1.0 } else { tail } / (1.0 + tail);
            let weight = tail / ((1.0 + tail) * (1.0 + tail));
            for j in 0..D {
                gradient[j].add((p - item.target) * item.features[j]);
                for k in 0..=j {
                    hessian[j][k] += weight * item.features[j] * item.features[k];
                }
            }
        }
        for j in 0..D {
            loss.add(0.5 * ridge[j] * at[j] * at[j]);
            gradient[j].add(ridge[j] * at[j]);
            hessian[j][j] += ridge[j];
        }
        Self { loss: loss.value(), gradient: gradient.map(Sum::value), hessian }
    }
}

/// Solves `H x = g` for a positive definite `H`, of which the lower triangle is read, by
/// Cholesky's factors; where rounding made it singular, with a little on its diagonal.
#[expect(clippy::needless_range_loop, reason = "rows and columns of a matrix")]
fn solve<const D: usize>(hessian: [[f64; D]; D], gradient: [f64; D]) -> Option<[f64; D]> {
    let largest = (0..D).map(|j| hessian[j][j]).fold(0.0, f64::max);
    [0.0, 1e-14, 1e-11, 1e-8, 1e-4, 1.0].into_iter().find_map(|damping| {
        let mut factor = hessian;
        for j in 0..D {
            factor[j][j] += damping * largest;
        }
        cholesky(&mut factor)?;
        let mut x = gradient;
        for j in 0..D {
            for k in 0..j {
                x[j] -= factor[j][k] * x[k];
            }
            x[j] /= factor[j][j];
        }
        for j in (0..D).rev() {
            for k in j + 1..D {
                x[j] -= factor[k][j] * x[k];
            }
            x[j] /= factor[j][j];
        }
        x.iter().all(|x| x.is_finite()).then_some(x)
    })
}

/// Turns the lower triangle into its factor; `None` if it is not positive definite.
fn cholesky<const D: usize>(matrix: &mut [[f64; D]; D]) -> Option<()> {
    for j in 0..D {
        for k in 0..=j {
            let products: f64 = (0..k).map(|i| matrix[j][i] * matrix[k][i]).sum();
            let rest = matrix[j][k] - products;
            if j != k {
                matrix[j][k] = rest / matrix[k][k];
            } else if rest > 1e-15 * matrix[j][j] {
                matrix[j][j] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(())
}
