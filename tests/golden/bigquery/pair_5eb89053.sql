-- table demo.app.pair: k INT64, c STRING, n INT64
-- table demo.app_staging.pair__RUN: _plimsoll_op STRING, k INT64, c STRING, n INT64
MERGE `demo.app.pair` AS T
USING (SELECT * FROM `demo.app_staging.pair__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `k`, `c`, `n`) = 1) AS S
ON T.`k` = S.`k` AND T.`c` = S.`c` AND T.`k` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`k`, `c`, `n`) VALUES (S.`k`, S.`c`, S.`n`)
