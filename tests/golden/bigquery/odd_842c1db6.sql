-- table demo.app.odd: id INT64, d DATE, n NUMERIC, doc JSON
-- table demo.app_staging.odd__RUN: _plimsoll_op STRING, id INT64, d DATE, n NUMERIC, doc JSON
MERGE `demo.app.odd` AS T
USING `demo.app_staging.odd__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`d` = S.`d`, T.`n` = S.`n`, T.`doc` = S.`doc`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `d`, `n`, `doc`) VALUES (S.`id`, S.`d`, S.`n`, S.`doc`)
