-- table demo.app.odd: id INT64, d DATE, tz TIMESTAMP, tm TIME, n BIGNUMERIC, j JSON, note STRING
-- table demo.app_staging.odd__RUN: _plimsoll_op STRING, id INT64, d DATE, tz TIMESTAMP, tm TIME, n BIGNUMERIC, j JSON, note STRING
MERGE `demo.app.odd` AS T
USING `demo.app_staging.odd__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`d` = S.`d`, T.`tz` = S.`tz`, T.`tm` = S.`tm`, T.`n` = S.`n`, T.`j` = S.`j`, T.`note` = S.`note`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `d`, `tz`, `tm`, `n`, `j`, `note`) VALUES (S.`id`, S.`d`, S.`tz`, S.`tm`, S.`n`, S.`j`, S.`note`)
