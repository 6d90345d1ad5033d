-- table demo.app.wid: id INT64, i INT64, v STRING, n BIGNUMERIC, m NUMERIC, k INT64
-- table demo.app_staging.wid__RUN: _plimsoll_op STRING, id INT64, i INT64, v STRING, n BIGNUMERIC, m NUMERIC, k INT64
MERGE `demo.app.wid` AS T
USING `demo.app_staging.wid__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`i` = S.`i`, T.`v` = S.`v`, T.`n` = S.`n`, T.`m` = S.`m`, T.`k` = S.`k`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `i`, `v`, `n`, `m`, `k`) VALUES (S.`id`, S.`i`, S.`v`, S.`n`, S.`m`, S.`k`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
