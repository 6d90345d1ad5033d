-- table demo.app.item: id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, a STRING, n NUMERIC, at TIMESTAMP, doc JSON
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`a` = S.`a`, T.`n` = S.`n`, T.`at` = S.`at`, T.`doc` = S.`doc`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `a`, `n`, `at`, `doc`) VALUES (S.`id`, S.`a`, S.`n`, S.`at`, S.`doc`)
