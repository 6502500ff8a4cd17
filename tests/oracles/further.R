# Writes further.json, which test_further_r.py holds the estimators to.
#
#   Rscript tests/oracles/further.R > tests/oracles/further.json
#
# R 4.2.2, estimatr 1.0.0, clubSandwich 0.5.8 (Debian 12: r-cran-estimatr r-cran-clubsandwich r-cran-jsonlite).

suppressPackageStartupMessages({
  library(estimatr)
  library(clubSandwich)
  library(jsonlite)
})
set.seed(2014)
n <- 260
strata <- sort(c(sample(1:14, n - 12, replace = TRUE), rep(15:18, each = 3)))  # four strata of three people
chance <- runif(18, 0.3, 0.6)[strata]
treated <- as.integer(runif(n) < chance)
for (s in 15:18) treated[which(strata == s)] <- c(1L, 0L, 0L)
crossing <- sample(1:24, n, replace = TRUE)  # clusters across strata
within <- strata * 10 + sample(0:2, n, replace = TRUE)  # clusters inside strata
x <- round(rnorm(n), 3)
old <- as.integer(runif(n) < 0.4)
shock <- rnorm(24, sd = 0.6)
y <- round(3 + x - 0.5 * old + 0.4 * treated * x + 0.3 * treated + shock[crossing] + rnorm(n) * (1 + treated), 4)
weight <- round(1 / ifelse(treated == 1, chance, 1 - chance), 6)
d <- data.frame(y, treated, strata, crossing, within, x, old, weight)

of <- function(fit, term = "treated") {
  row <- which(fit$term == term)
  list(estimate = fit$coefficients[[row]], std_error = fit$std.error[[row]], df = fit$df[[row]])
}
satterthwaite <- function(fit, cluster, inverse_var = FALSE) {
  v <- vcovCR(fit, cluster = cluster, type = "CR2", inverse_var = inverse_var)
  tested <- coef_test(fit, vcov = v, test = "Satterthwaite")["treated", ]
  list(estimate = tested$beta, std_error = tested$SE, df = if (is.null(tested$df)) tested$df_Satt else tested$df)
}

found <- list(
  hc2_fixed_effects = of(lm_robust(y ~ treated + x + old, fixed_effects = ~strata, data = d, se_type = "HC2")),
  hc2_weighted = of(lm_robust(y ~ treated + x + old, weights = weight, data = d, se_type = "HC2")),
  hc2_weighted_fixed_effects = of(lm_robust(y ~ treated + x, fixed_effects = ~strata, weights = weight, data = d, se_type = "HC2")),
  hc3_fixed_effects = of(lm_robust(y ~ treated + x, fixed_effects = ~strata, data = d, se_type = "HC3")),
  lin = of(lm_lin(y ~ treated, covariates = ~ x + old, data = d, se_type = "HC2")),
  lin_weighted = of(lm_lin(y ~ treated, covariates = ~ x + old, weights = weight, data = d, se_type = "HC2")),
  cr2_plain = of(lm_robust(y ~ treated + x, clusters = crossing, data = d, se_type = "CR2")),
  cr2_weighted = of(lm_robust(y ~ treated + x, weights = weight, clusters = crossing, data = d, se_type = "CR2")),
  cr2_dummies = of(lm_robust(y ~ treated + x + factor(strata), clusters = crossing, data = d, se_type = "CR2")),
  club_plain = satterthwaite(lm(y ~ treated + x, data = d), d$crossing),
  club_dummies = satterthwaite(lm(y ~ treated + x + factor(strata), data = d), d$crossing),
  club_within = satterthwaite(lm(y ~ treated + x + factor(strata), data = d), d$within),
  club_weighted = satterthwaite(lm(y ~ treated + x, weights = weight, data = d), d$crossing, inverse_var = TRUE),
  iv_hc2 = local({
    d$started <- as.integer(treated == 1 & (x > -1) | treated == 0 & x > 1.4)
    c(of(iv_robust(y ~ started + old | treated + old, data = d, se_type = "HC2"), "started"), list(started = d$started))
  }),
  iv_hc1_fixed_effects = local({
    d$started <- as.integer(treated == 1 & (x > -1) | treated == 0 & x > 1.4)
    of(iv_robust(y ~ started + old | treated + old, fixed_effects = ~strata, data = d, se_type = "HC1"), "started")
  })
)
versions <- list(
  R = R.version.string,
  estimatr = as.character(packageVersion("estimatr")),
  clubSandwich = as.character(packageVersion("clubSandwich"))
)
cat(toJSON(list(versions = versions, data = as.list(d), found = found), digits = 15, auto_unbox = TRUE), "\n")
