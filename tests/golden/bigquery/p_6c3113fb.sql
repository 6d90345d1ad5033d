-- table demo.app.p: id INT64, email STRING, n STRING
-- table demo.app_staging.p__RUN: _plimsoll_op STRING, id INT64, email STRING, n STRING
MERGE `demo.app.p` AS T
USING `demo.app_staging.p__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`email` = S.`email`, T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `email`, `n`) VALUES (S.`id`, S.`email`, S.`n`)
