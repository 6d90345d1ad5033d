-- table demo.app.ddl_3: id INT64, v STRING, n NUMERIC
-- table demo.app_staging.ddl_3__RUN: _plimsoll_op STRING, id INT64, v STRING, n NUMERIC
MERGE `demo.app.ddl_3` AS T
USING `demo.app_staging.ddl_3__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `n`) VALUES (S.`id`, S.`v`, S.`n`)
