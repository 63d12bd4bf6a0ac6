# Poisson GEE on unequal numbers of rows per subject and with weights, by geepack, for
# tests/golden/test_rates_golden.py. Run: Rscript geepack.R SHARED_FOLDER > ../geepack.csv
# Written with R 4.2.2 and geepack 1.3.9.
suppressMessages(library(geepack))
shared <- commandArgs(trailingOnly = TRUE)[1]
d <- read.csv(file.path(shared, "data", "seizure_long.csv"))
# An arbitrary third of the later rows is dropped; weights vary by subject, or by row.
d <- d[d$visit < 2 | (d$id * 7 + d$visit * 3) %% 5 > 1, ]
d$by_subject <- 0.5 + (d$id %% 4) / 2
d$by_row <- 0.5 + ((d$id + d$visit) %% 3) / 2
control <- geese.control(epsilon = 1e-12, maxit = 200)
report <- function(model, corstr, w = rep(1, nrow(d))) {
  fit <- do.call(geeglm, list(y ~ post * trt + age + offset(log(weeks)), family = poisson,
                              id = d$id, data = d, weights = w, corstr = corstr, control = control))
  table <- coef(summary(fit))
  alpha <- if (length(fit$geese$alpha)) fit$geese$alpha[[1]] else 0
  data.frame(model, term = rownames(table), estimate = table$Estimate, std_error = table$Std.err,
             model_std_error = sqrt(diag(fit$geese$vbeta.naiv)), scale = fit$geese$gamma[[1]], alpha)
}
rows <- rbind(
  report("exchangeable", "exchangeable"),
  report("independence", "independence"),
  report("exchangeable_weighted", "exchangeable", d$by_subject),
  report("independence_weighted", "independence", d$by_row)
)
write.csv(rows, row.names = FALSE)
