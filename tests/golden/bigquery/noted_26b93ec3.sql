-- table demo.app.noted: id STRING, x STRING
-- table demo.app_staging.noted__RUN: _plimsoll_op STRING, id STRING, x STRING
MERGE `demo.app.noted` AS T
USING `demo.app_staging.noted__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`x` = S.`x`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `x`) VALUES (S.`id`, S.`x`)
