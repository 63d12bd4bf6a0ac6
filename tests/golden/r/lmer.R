# Random-slope models on unbalanced and on degenerate data, by lme4, lmerTest and pbkrtest, for
# tests/golden/test_lmm_golden.py. Run: Rscript lmer.R SHARED_FOLDER > ../lmer.json
# Written with R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2.
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
shared <- commandArgs(trailingOnly = TRUE)[1]
s <- read.csv(file.path(shared, "data", "sleepstudy.csv"))
i <- seq_len(nrow(s)) - 1
subject <- as.integer(factor(s$Subject))
# Rules a second program can follow: a quarter of the rows dropped, a covariate of the subject,
# jittered days, a pseudo-random noise and effects of subjects.
s$group <- ifelse(subject %% 3 == 0, "b", "a")
s$when <- s$Days + ((i * 37) %% 11) / 20
noise <- ((i * 7919) %% 101) / 101 - 0.5
u <- ((subject * 29) %% 19) / 19 - 0.5
s$flat <- 10 + 0.1 * s$Days + noise
s$together <- 10 + 3 * u * (1 + 0.4 * s$Days) + noise
s$opposed <- 10 + 3 * u * (1 - 0.2 * s$Days) + noise
s$slope_only <- 10 + 2 * u * s$Days + noise
s$level_only <- 10 + 5 * u + 0.1 * s$Days + noise
kept <- s[(i * 13) %% 17 > 3, ]
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5),
                       check.conv.singular = "ignore", check.conv.grad = "ignore",
                       check.conv.hess = "ignore")
report <- function(formula, data, REML = TRUE) {
  fit <- lmerTest::lmer(formula, data, REML = REML, control = control)
  # One more descent from the first answer, to the last digit the function gives.
  again <- tryCatch(update(fit, start = pmax(getME(fit, "theta"), 0)), error = function(e) fit)
  if (logLik(again) > logLik(fit)) fit <- again
  v <- as.data.frame(VarCorr(fit))
  out <- list(formula = deparse(formula, 200), REML = REML, logLik = as.numeric(logLik(fit)),
              satterthwaite = as.data.frame(coef(summary(fit))), sigma = sigma(fit),
              variance = v, singular = isSingular(fit),
              ranef = as.matrix(ranef(fit)[[1]]))
  out$term <- rownames(out$satterthwaite)
  if (REML) out$kenward_roger <- as.data.frame(coef(summary(fit, ddf = "Kenward-Roger")))
  out
}
cases <- list(
  unbalanced = report(Reaction ~ when * group + (when | Subject), kept),
  unbalanced_ml = report(Reaction ~ when * group + (when | Subject), kept, FALSE),
  unbalanced_uncorrelated = report(Reaction ~ when * group + (when || Subject), kept),
  unbalanced_intercept = report(Reaction ~ when * group + (1 | Subject), kept),
  flat = report(flat ~ when + (when | Subject), kept),
  flat_uncorrelated = report(flat ~ when + (when || Subject), kept),
  flat_intercept = report(flat ~ when + (1 | Subject), kept),
  together = report(together ~ Days + (Days | Subject), kept),
  opposed = report(opposed ~ Days + (Days | Subject), kept),
  slope_only = report(slope_only ~ Days + (Days | Subject), kept),
  slope_only_uncorrelated = report(slope_only ~ Days + (Days || Subject), kept),
  level_only = report(level_only ~ Days + (Days | Subject), kept),
  level_only_uncorrelated = report(level_only ~ Days + (Days || Subject), kept)
)
cat(toJSON(cases, digits = 15, auto_unbox = TRUE, pretty = FALSE))
