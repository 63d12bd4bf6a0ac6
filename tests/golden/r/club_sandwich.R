# CR2 and Satterthwaite degrees of freedom by clubSandwich, for tests/golden/test_sandwich_golden.py.
# Run: Rscript club_sandwich.R SHARED_FOLDER > ../club_sandwich.csv
# Written with R 4.2.2 and clubSandwich 0.5.8.
suppressMessages(library(clubSandwich))
shared <- commandArgs(trailingOnly = TRUE)[1]
trial <- read.csv(file.path(shared, "data", "vickers2004_acupuncture_headache_wide.csv"))
trial <- trial[!is.na(trial$pk5), ]
# Weights that vary within practices, from columns of the data so that both sides can form them.
trial$w <- 0.5 + trial$age / 40 + trial$migraine
report <- function(model, fit, cluster) {
  table <- coef_test(fit, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  data.frame(model, term = rownames(table), estimate = table[, "beta"], std_error = table[, "SE"],
             df = table[, "df_Satt"], p_value = table[, "p_Satt"])
}
rows <- rbind(
  report("ancova", lm(pk5 ~ group + pk1, trial), trial$practice_id),
  report("interaction", lm(pk5 ~ group * pk1 + age, trial), trial$practice_id),
  report("practice_dummies", lm(pk5 ~ group + pk1 + factor(practice_id), trial), trial$practice_id),
  report("weighted", lm(pk5 ~ group + pk1, trial, weights = w), trial$practice_id),
  report("weighted_therapist", lm(pk5 ~ group * pk1, trial, weights = w), trial$acupuncturist),
  report("singletons", lm(pk5 ~ group + pk1, trial), seq_len(nrow(trial)))
)
write.csv(rows, row.names = FALSE)
